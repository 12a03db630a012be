/** The machine's time of day in unix ms. For offset tables and display; nothing orders or times by it. */
export const unixMillis = (): number => Date.now();
