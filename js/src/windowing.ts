/** Window and level by drags, arrow keys and presets: while a key is held, or from one tap of it to the next. */
import { wayOf } from "./crosshair";
import { WINDOW_MODE } from "./hints";
import type { Picture } from "./raster";
import { dragged, presetIndex, presetsOf, windowText, type Shading } from "./windowlevel";

/** What an arrow key does, as a drag by CSS pixels. */
const ARROW_STEP = 8;

export interface WindowingEvents {
  picture(): Picture | null;
  shading(): Shading;
  shade(part: Partial<Shading>): void;
  say(text: string): void;
  /** What drags do may be another than before. */
  turned(): void;
}

export interface Windowing {
  /** Drags and arrow keys set window and level. */
  readonly isOn: boolean;
  /** From now on, or not any more; false: it was so. */
  turn(on: boolean): boolean;
  toggle(): void;
  /** The key went down, or up again. */
  hold(down: boolean): void;
  /** By so many CSS pixels. */
  drag(dx: number, dy: number): void;
  arrow(key: string): void;
  nextPreset(): void;
}

export function makeWindowing({ picture, shading, shade, say, turned }: WindowingEvents): Windowing {
  let lasts = false;
  let held = false;
  /** Something was set since the key went down: it was more than a tap. */
  let used = false;

  function turn(on: boolean): boolean {
    const isOther = on !== lasts;
    if (on && isOther) say(WINDOW_MODE);
    lasts = on;
    turned();
    return isOther;
  }

  function drag(dx: number, dy: number): void {
    used = true;
    const shown = picture();
    if (shown) shade(dragged(shading(), dx, dy, shown.full));
  }

  return {
    get isOn() {
      return lasts || held;
    },
    turn,
    toggle: () => void turn(!lasts),
    hold(down) {
      held = down;
      if (down) used = false;
      turn(lasts !== (!down && !used));
    },
    drag,
    arrow(key) {
      const [x, y] = wayOf(key);
      drag(x * ARROW_STEP, y * ARROW_STEP);
    },
    nextPreset() {
      const shown = picture();
      if (!shown) return;
      const presets = presetsOf(shown);
      const { name, ...range } = presets[(presetIndex(presets, shading()) + 1) % presets.length]!;
      shade(range);
      say(`${name}: ${windowText(range, shown.unit)}`);
    },
  };
}
