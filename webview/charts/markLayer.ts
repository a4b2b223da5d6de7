/** A layer of marks: each kind is drawn once, and then put where candidates are. */
import { drawMark, type Mark, markKey } from './marks.ts';
import type { Palette } from './palette.ts';
import { type Picture, put } from './stamps.ts';

export class MarkLayer {
  readonly #ink: CanvasRenderingContext2D;
  readonly #image: ImageData;
  readonly #picture: Picture;
  readonly #stamps = new Map<number, Picture>();
  readonly #palette: Palette;
  readonly #ratio: number;
  #radius = 0;

  /** @param ink of a canvas whose size stays what it is while this layer is used */
  constructor(ink: CanvasRenderingContext2D, palette: Palette, ratio: number) {
    const { width, height } = ink.canvas;
    this.#ink = ink;
    this.#palette = palette;
    this.#ratio = ratio;
    this.#image = ink.createImageData(width, height);
    this.#picture = { width, height, pixels: new Uint32Array(this.#image.data.buffer) };
  }

  fits(canvas: HTMLCanvasElement, palette: Palette, ratio: number): boolean {
    const { width, height } = this.#picture;
    return canvas.width === width && canvas.height === height && this.#palette === palette && this.#ratio === ratio;
  }

  /** @param radius of all marks until `show`, in CSS pixels */
  begin(radius: number): void {
    if (radius !== this.#radius) this.#stamps.clear();
    this.#radius = radius;
    this.#picture.pixels.fill(0);
  }

  /** In CSS pixels. @param key as `markKey` has it: who puts thousands has it at hand */
  put(mark: Mark, x: number, y: number, key = markKey(mark)): void {
    let stamp = this.#stamps.get(key);
    if (stamp === undefined) {
      stamp = this.#draw(mark);
      this.#stamps.set(key, stamp);
    }
    put(
      this.#picture,
      stamp,
      Math.round(x * this.#ratio - stamp.width / 2),
      Math.round(y * this.#ratio - stamp.height / 2),
    );
  }

  show(): void {
    this.#ink.putImageData(this.#image, 0, 0);
  }

  #draw(mark: Mark): Picture {
    const half = Math.ceil((this.#radius * 1.3 + 1) * this.#ratio);
    const size = 2 * half + 1;
    const ink = new OffscreenCanvas(size, size).getContext('2d');
    if (ink === null) return { width: 0, height: 0, pixels: new Uint32Array() };
    ink.scale(this.#ratio, this.#ratio);
    const middle = (half + 0.5) / this.#ratio;
    drawMark(ink, this.#palette, mark, middle, middle, this.#radius);
    const { data } = ink.getImageData(0, 0, size, size);
    return { width: size, height: size, pixels: new Uint32Array(data.buffer) };
  }
}
