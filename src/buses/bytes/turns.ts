/** One after the other. Whoever goes away before the turn has come is passed over; who goes away later is let go at once, and the turn is seen through. */
export class Turns {
  private tail: Promise<unknown> = Promise.resolve();

  take<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const gone = () => reject(signal.reason);
      if (signal.aborted) return gone();
      signal.addEventListener('abort', gone, { once: true });
      this.tail = this.tail
        .then(async () => {
          if (!signal.aborted) resolve(await work());
        })
        .catch(reject)
        .finally(() => signal.removeEventListener('abort', gone));
    });
  }
}
