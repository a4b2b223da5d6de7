/** Measures in the page itself: `page.evaluate(installMeter)` puts it there as `window.meter`. */

export interface Meter {
  /** Posts the data as the host does; resolves to the milliseconds until the frame with the first picture was handed over. */
  firstPaint(plot: string, message: object): Promise<number>;
  /** Milliseconds of each frame, in every one of which the person zooms, drags or points. */
  frames(plot: string, act: 'zoom' | 'pan' | 'hover', count: number): Promise<number[]>;
}

declare global {
  interface Window {
    meter: Meter;
  }
}

/** Stands alone: it is sent to the page as text. */
export function installMeter(): void {
  const frame = () => new Promise<number>((done) => requestAnimationFrame(done));

  /** However many shadow trees deep. */
  function groundOf(plot: string): HTMLElement | null {
    const roots: ParentNode[] = [document];
    for (const root of roots)
      for (const element of root.querySelectorAll('*')) {
        if (element.localName === plot) return element.shadowRoot?.querySelector<HTMLElement>('.ground') ?? null;
        if (element.shadowRoot !== null) roots.push(element.shadowRoot);
      }
    return null;
  }

  function isPainted(plot: string): boolean {
    const canvas = groundOf(plot)?.querySelector('canvas');
    if (canvas === null || canvas === undefined || canvas.width < 400) return false;
    const data = canvas.getContext('2d')?.getImageData(canvas.width / 2, 0, 8, canvas.height).data;
    return data?.some((value) => value !== 0) ?? false;
  }

  function act(ground: HTMLElement, what: 'zoom' | 'pan' | 'hover', index: number): void {
    const { left, top, width, height } = ground.getBoundingClientRect();
    const turn = (index * 2 * Math.PI) / 60;
    const place = {
      clientX: left + width * (0.55 + 0.2 * Math.sin(turn)),
      clientY: top + height * (0.4 + 0.2 * Math.cos(turn)),
    };
    const common = { bubbles: true, cancelable: true, composed: true, ...place };
    if (what === 'zoom')
      ground.dispatchEvent(new WheelEvent('wheel', { ...common, deltaY: index % 60 < 30 ? -60 : 60 }));
    else
      ground.dispatchEvent(
        new PointerEvent('pointermove', { ...common, pointerId: 1, buttons: what === 'pan' ? 1 : 0 }),
      );
  }

  window.meter = {
    async firstPaint(plot, message) {
      const began = performance.now();
      window.postMessage(message, window.origin);
      do await frame();
      while (!isPainted(plot));
      await frame();
      return performance.now() - began;
    },
    async frames(plot, what, count) {
      const ground = groundOf(plot);
      if (ground === null) throw new Error(`there is no ${plot}`);
      if (what === 'pan') {
        // Moving about needs something to move in, and a pointer that is not a real one cannot be captured.
        for (let i = 0; i < 4; i += 1) act(ground, 'zoom', 0);
        ground.setPointerCapture = () => undefined;
        const { left, top, width, height } = ground.getBoundingClientRect();
        const place = { clientX: left + width / 2, clientY: top + height / 2 };
        ground.dispatchEvent(new PointerEvent('pointerdown', { pointerId: 1, button: 0, ...place }));
      }
      const times: number[] = [];
      let before = await frame();
      for (let index = 0; index < count; index += 1) {
        act(ground, what, index);
        const now = await frame();
        times.push(now - before);
        before = now;
      }
      if (what === 'pan') ground.dispatchEvent(new PointerEvent('pointerup', { pointerId: 1 }));
      ground.dispatchEvent(new MouseEvent('dblclick'));
      await frame();
      return times;
    },
  };
}
