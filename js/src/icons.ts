/** Icons, drawn on a 16 x 16 grid in the colour of the text. Each is a path, and what else there is as SVG. */

const SHAPES = {
  scribble: "M2 11.6c1.2-4.8 3.5-8.4 5.2-7.6 2 1-2.4 7-.5 7.9 1.9.8 3-4.4 4.6-4 1.4.4 0 3 2.7 3.3",
  click: 'M8 1.8v2.8M8 11.4v2.8M1.8 8h2.8M11.4 8h2.8<circle cx="8" cy="8" r="1.6" fill="currentColor"/>',
  box: '<rect x="2.5" y="3.5" width="11" height="9" rx="1" stroke-dasharray="2.6 1.9"/>',
  lasso: 'M4.4 9.4c-1 .8-1 2.2.2 2.4 1.2.1 1.4-1.6.2-1.9M4.4 11.8c0 1-.6 1.7-1.6 1.9<ellipse cx="8.4" cy="6.4" rx="5.6" ry="3.9" stroke-dasharray="3 1.9"/>',
  circle: 'M8 8h5.6<circle cx="8" cy="8" r="5.6"/><circle cx="8" cy="8" r=".8" fill="currentColor"/>',
  select: "M3.6 2.4 12.8 8l-4.4 1.1-2.4 4z",
  eraser: "m6 13-4-4 7-7 5 5-6 6zM5.5 5.5l5 5M5 13.3h8.6",
  direct: "M13.4 2.6c-2.4.9-5 3.3-6 5l1.6 1.6c2-1 4-4 4.4-6.6zM6 9c-3 0-1.6 3-3.8 3.8 2 1 5 .6 5-2.4",
  tools: "m4.5 6.3 3.5 3.5 3.5-3.5",
  done: "m2.8 8.6 3.3 3.3 7-7.6",
  finish: "m3 13 7-7M12.2 2.4v2.2M13.3 3.5h-2.2M6 3v1.6M6.8 3.8H5.2M12.5 9v1.6M13.3 9.8h-1.6",
  tag: 'M2.5 3.5v4l6 6 5-5-6-6h-4a1 1 0 0 0-1 1z<circle cx="5.4" cy="5.6" r=".9"/>',
  history: "M2.8 8A5.3 5.3 0 1 0 4.6 4L2.8 5.6M2.7 2.8v2.9h2.9M8 5.2V8l2 1.4",
  lock: 'M5.5 6.8V5a2.5 2.5 0 0 1 5 0v1.8<rect x="3.5" y="7" width="9" height="6.5" rx="1.2"/>',
  edit: "m3 13 .6-2.8 7.2-7.2 2.2 2.2-7.2 7.2zM9.4 4.4l2.2 2.2",
  up: "M8 13V3.5M4 7l4-4 4 4",
  down: "M8 3v9.5M4 9l4 4 4-4",
  plus: '<path d="M8 3v10M3 8h10" stroke-width="2"/>',
  minus: '<path d="M3 8h10" stroke-width="2"/>',
  undo: "M5.6 2.9 2.6 5.9l3 3M2.9 5.9h6.4a3.7 3.7 0 0 1 0 7.4H6",
  redo: "m10.4 2.9 3 3-3 3M13.1 5.9H6.7a3.7 3.7 0 0 0 0 7.4H10",
  clear: "M2.8 4.4h10.4M6.2 4.2V2.7h3.6v1.5M4.2 4.6l.6 8.7h6.4l.6-8.7M6.8 7v3.8M9.2 7v3.8",
  view: 'M2 5h6M12 5h2M2 11h2M8 11h6<circle cx="10" cy="5" r="1.9"/><circle cx="6" cy="11" r="1.9"/>',
  more: '<g fill="currentColor" stroke="none"><circle cx="3.2" cy="8" r="1.3"/><circle cx="8" cy="8" r="1.3"/><circle cx="12.8" cy="8" r="1.3"/></g>',
  copy: 'M10.5 5V2.5h-8v8H5<rect x="5.5" y="5.5" width="8" height="8" rx="1.2"/>',
  keys: 'M4.5 6.6h.01M7 6.6h.01M9.5 6.6h.01M12 6.6h-.01M5 9.6h6<rect x="1.8" y="4" width="12.4" height="8" rx="1.4"/>',
  close: "m4 4 8 8M12 4l-8 8",
};

export type IconName = keyof typeof SHAPES;

export function icon(name: IconName): SVGSVGElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.classList.add("sp-icon");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  svg.innerHTML = SHAPES[name].replace(/^[^<]+/, '<path d="$&"/>');
  return svg;
}
