/** Elements without ceremony. */

type Attributes = Record<string, string | number | boolean | null | undefined | ((event: never) => void)>;

/** An element; attributes that start with "on" are listeners, and false, null and undefined leave one out. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: (Node | string | null)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value as EventListener);
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, String(value));
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** A button that shows `children`; `title` tells what it does where they do not. */
export function makeButton(
  style: string,
  title: string,
  act: (event: never) => void,
  ...children: (Node | string | null)[]
): HTMLButtonElement {
  const told = title ? { title, "aria-label": title } : {};
  return h("button", { type: "button", class: style, ...told, onclick: act }, ...children);
}

/** What opens over the picture. */
export function makePopover(name: string, style: string, ...children: (Node | string | null)[]): HTMLElement {
  return h("div", { class: `sp-popover ${style}`, role: "dialog", "aria-label": name, hidden: true }, ...children);
}

/** Set text only where it differs: screen readers and layout are left in peace. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

export function setAttribute(element: Element, name: string, value: string | number | boolean): void {
  const text = String(value);
  if (element.getAttribute(name) !== text) element.setAttribute(name, text);
}
