/** So many damaged answers among the last exchanges are told as noise, until so many in a row were clean. */
const WINDOW = 50;
const NOISY = 5;

/** Watches the last exchanges of a bus for noise and tells when it begins and when it has ended. */
export class NoiseWatch {
  private readonly damaged = new Uint8Array(WINDOW);
  private at = 0;
  private count = 0;
  private noisy = false;
  private readonly tell: (noisy: boolean) => void;

  constructor(tell: (noisy: boolean) => void) {
    this.tell = tell;
  }

  note(damaged: boolean): void {
    this.count += Number(damaged) - (this.damaged[this.at] ?? 0);
    this.damaged[this.at] = Number(damaged);
    this.at = (this.at + 1) % WINDOW;
    const noisy = this.noisy ? this.count > 0 : this.count >= NOISY;
    if (noisy === this.noisy) return;
    this.noisy = noisy;
    this.tell(noisy);
  }
}
