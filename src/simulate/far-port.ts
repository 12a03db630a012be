/** The far end of one wire: a pty's master side, or an accepted TCP connection. */
export interface FarPort {
  write(bytes: Uint8Array): Promise<void>;
  onData(listener: (chunk: Uint8Array) => void): void;
  /** The host hung up. A pty does not tell. */
  onClosed?(listener: () => void): void;
  close(): void;
}
