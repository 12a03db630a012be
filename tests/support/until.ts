/** Waits until `claim` gives something truthy and returns it; fails after `ms` naming what was waited for. */
export async function until<T>(
  what: string,
  claim: () => T | Promise<T>,
  ms = 15_000,
): Promise<NonNullable<T>> {
  const deadline = performance.now() + ms;
  for (;;) {
    const got = await claim();
    if (got) return got;
    if (performance.now() > deadline) throw new Error(`waited ${ms} ms in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
