"use strict";
/* What uPlot is told of drawing upright sticks, and of the words on the axes. */

/**
 * Return a path builder of uPlot for sticks from `low(value)` to `high(value)`.
 *
 * Of those that fall on one pixel only the highest is drawn: fifty thousand are as quick as a thousand.
 */
function sticks(low, high) {
  return (plot, series, from, to) => {
    const places = plot.data[0];
    const values = plot.data[series];
    const width = Math.max(2, Math.round(2 * devicePixelRatio));
    const fill = new Path2D();
    let at = null;
    let highest = 0;
    const draw = () => {
      if (at === null) return;
      const top = plot.valToPos(high(highest), "y", true);
      const bottom = plot.valToPos(low(highest), "y", true);
      const length = Math.max(Math.abs(bottom - top), width);
      fill.rect(at - width / 2, Math.max(top, bottom) - length, width, length);
    };
    for (let index = from; index <= to; index += 1) {
      const value = values[index];
      if (value === null || value === undefined) continue;
      const x = Math.round(plot.valToPos(places[index], "x", true));
      if (x !== at) {
        draw();
        at = x;
        highest = value;
      } else if (value > highest) {
        highest = value;
      }
    }
    draw();
    return { stroke: null, fill, clip: null, band: null, gaps: null, flags: 0 };
  };
}

/** Return times as the words of an axis, in one unit. */
function timeTicks(_plot, splits) {
  const step = splits.length > 1 ? splits[1] - splits[0] : 1;
  const milli = Math.max(...splits.map(Math.abs)) < 1;
  const size = milli ? 1000 : 1;
  let digits = 0; // as many as the step has: quarters have two
  while (digits < 6 && Math.abs(step * size - Number((step * size).toFixed(digits))) > step * size * 1e-3) digits += 1;
  return splits.map((split) => (split === 0 ? "0" : `${(split * size).toFixed(digits)} ${milli ? "ms" : "s"}`));
}

/** Return numbers of events as the words of an axis. */
const numberTicks = (_plot, splits) => splits.map((split) => (split > 0 && Number.isInteger(split) ? count(split) : ""));
