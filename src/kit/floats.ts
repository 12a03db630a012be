import { u32be } from './bytes.ts';

/** A 32-bit float, high byte first; null for what is no number (NaN, infinity). Fault driver.frame-length past the end. */
export function f32be(bytes: Uint8Array, at: number): number | null {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, u32be(bytes, at));
  const value = view.getFloat32(0);
  return Number.isFinite(value) ? value : null;
}

/** The four bytes of a float, high byte first. */
export function f32Bytes(value: number): readonly number[] {
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, value);
  return [...new Uint8Array(view.buffer)];
}
