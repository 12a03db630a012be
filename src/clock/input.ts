/** Resolves when the input that is ready by now has been handled: the loop goes from timers through its sockets to here. */
export const afterInput = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
