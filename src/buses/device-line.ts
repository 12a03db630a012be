import type { Call } from '../contracts/index.ts';
import type { Fault } from '../faults/index.ts';
import { PriorityQueue } from './queue.ts';
import { Turn } from './turn.ts';

/** The conversation with one device: one request at a time, the most urgent first. */
export class DeviceLine {
  private readonly queue = new PriorityQueue<Turn>();
  private busy = false;

  take<T>(call: Call, work: () => Promise<T>): Promise<T> {
    const ready = (turn: Turn) => {
      this.queue.push(turn);
      this.next();
    };
    return Turn.take(call, { asks: true, work }, { ready, gone: (turn) => this.queue.remove(turn) });
  }

  /** Nothing can be asked any more. */
  rejectAll(fault: Fault): void {
    for (const turn of this.queue.drain()) turn.reject(fault);
  }

  private next(): void {
    if (this.busy) return;
    const turn = this.queue.take(() => true);
    if (!turn) return;
    this.busy = true;
    void turn.run().then(() => {
      this.busy = false;
      this.next();
    });
  }
}
