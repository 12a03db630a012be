import { describe, expect, it } from 'vitest';
import { OneLink } from '../../src/buses/one-link.ts';
import type { Bus } from '../../src/contracts/index.ts';

class Wire extends OneLink {
  override readonly id = 'gate';
  override readonly kind: Bus['kind'] = 'udp';
}

const settings = { unit: 1, timeout_ms: 100, gap_ms: 0, reply_delay_ms: 0 };

describe('a bus', () => {
  it('tells a device that wants another kind of link which kind it has', () => {
    const wire = new Wire();

    const wishes = {
      modbus: () => wire.modbus('relay', settings),
      bytes: () => wire.bytes('relay', settings),
      line: () => wire.lines('relay', {}),
    };

    for (const [wanted, wish] of Object.entries(wishes))
      expect(wish).toThrow(
        expect.objectContaining({
          code: 'bus.wrong-link',
          facts: { bus: 'gate', device: 'relay', kind: 'udp', wanted },
        }),
      );
  });
});
