/** What is used of the package, which ships no types. */
declare module 'epoll' {
  class Epoll {
    static readonly EPOLLIN: number;
    constructor(callback: (error: Error | null, fd: number, events: number) => void);
    add(fd: number, events: number): this;
    remove(fd: number): this;
    close(): void;
  }
  const module: { readonly Epoll: typeof Epoll };
  export default module;
}
