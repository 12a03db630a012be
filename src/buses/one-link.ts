import type {
  Bus,
  BytesLink,
  HttpLink,
  LineLink,
  LineWish,
  ModbusLink,
  UdpLink,
  UnitSettings,
} from '../contracts/index.ts';
import { Fault } from '../faults/index.ts';

/** A wire gives one kind of link, which its bus puts in place of the refusal here; who wants another is told so. */
export abstract class OneLink {
  abstract readonly id: string;
  abstract readonly kind: Bus['kind'];

  modbus(device: string, _settings: UnitSettings): ModbusLink {
    throw this.wrongLink(device, 'modbus');
  }

  bytes(device: string, _settings: UnitSettings): BytesLink {
    throw this.wrongLink(device, 'bytes');
  }

  udp(device: string, _settings: UnitSettings): UdpLink {
    throw this.wrongLink(device, 'udp');
  }

  http(device: string, _settings: UnitSettings): HttpLink {
    throw this.wrongLink(device, 'http');
  }

  lines(device: string, _wishes: Readonly<Record<string, LineWish>>): LineLink {
    throw this.wrongLink(device, 'line');
  }

  async lend(): Promise<() => void> {
    throw new Fault('field.no-wire', { wire: this.id, reason: `it is a bus of kind ${this.kind}` });
  }

  private wrongLink(device: string, wanted: Bus['kind']): Fault {
    return new Fault('bus.wrong-link', { bus: this.id, device, kind: this.kind, wanted });
  }
}
