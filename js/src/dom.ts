/** Elements without ceremony. */

type Attribute = string | number | boolean | null | undefined | ((event: never) => void);
type Child = Node | string | null;
type Tags = HTMLElementTagNameMap;
type ElementOf<What extends string> = What extends `${infer Tag extends keyof Tags}.${string}`
  ? Tags[Tag]
  : What extends keyof Tags
    ? Tags[What]
    : Tags["div"];
type AnyEvent = HTMLElementEventMap & DocumentEventMap & WindowEventMap;

/**
 * An element, told as a selector ("span.sp-name.sp-off"; without a tag it is a div), with children and attributes. Those
 * that start with "on" are listeners, `label` is "aria-label", and false, null and undefined leave one out.
 */
export function h<What extends string>(what: What, ...parts: (Child | Record<string, Attribute>)[]): ElementOf<What> {
  const [tag, ...classes] = what.split(".");
  const element = document.createElement(tag || "div");
  if (classes[0]) element.className = classes.join(" ");
  for (const part of parts) {
    if (typeof part === "string" || part instanceof Node) element.append(part);
    else for (const [name, value] of Object.entries(part ?? {})) put(element, name, value);
  }
  return element as ElementOf<What>;
}

function put(element: HTMLElement, name: string, value: Attribute): void {
  if (typeof value === "function") element.addEventListener(name.slice(2), value as EventListener);
  else if (value !== false && value != null) element.setAttribute(name === "label" ? "aria-label" : name, String(value));
}

/** A button, with more classes where `style` names any (".sp-quiet"); `title` tells what it does, and no text need. */
export function makeButton(style: string, title: string, act: (event: never) => void, ...children: Child[]): HTMLButtonElement {
  return plainButton(`.sp-button${style}`, title, act, ...children);
}

/** The same, which looks like nothing yet. */
export function plainButton(style: string, title: string, act: (event: never) => void, ...children: Child[]): HTMLButtonElement {
  const label = !children.some((child) => typeof child === "string") && title;
  return h(`button${style}` as "button", { type: "button", title: title || null, label: label || null, onclick: act }, ...children);
}

/** What opens over the picture. */
export function makePopover(name: string, style: string, ...children: Child[]): HTMLElement {
  return h(`.sp-popover${style}`, { role: "dialog", label: name, hidden: true }, ...children);
}

/** Set text only where it differs: screen readers and layout are left in peace. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

export function setAttribute(element: Element, name: string, value: string | number | boolean): void {
  const text = String(value);
  if (element.getAttribute(name) !== text) element.setAttribute(name, text);
}

export function setPressed(button: Element, pressed: boolean): void {
  setAttribute(button, "aria-pressed", pressed);
}

export function listen<Name extends keyof AnyEvent>(
  target: EventTarget,
  name: Name,
  act: (event: AnyEvent[Name]) => void,
  options?: AddEventListenerOptions,
): void {
  target.addEventListener(name, act as EventListener, options);
}

/** What has the focus, as far as this page knows. */
export function focused(): Element | null {
  return document.activeElement;
}

/** The focus, and nothing else: the page stays where it is. */
export function giveFocus(element: HTMLElement | null | undefined): void {
  element?.focus({ preventScroll: true });
}

/** This is ours alone. */
export function swallow(event: Event): void {
  event.preventDefault();
  event.stopPropagation();
}
