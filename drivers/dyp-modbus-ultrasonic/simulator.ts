import { Fault, type JsonObject, registerSimulator } from '#kit';
import { device } from './device.ts';

/** A UART model listens for Modbus this long after it got power. */
const WINDOW_MS = 500;

/** The floor, and now and then the roof of a car. */
const OVER_A_BAY = { places: [2380, 900], jitter: 10 };

/**
 * A sensor over a bay. It can be set to any of its points (`distance: null`: nothing in sight), and to `uart_model: true`: then it
 * answers only in the first 500 ms after power came, and `power: true` gives it power anew.
 */
export default registerSimulator(device, {
  also: [255],
  shapes: {
    distance: OVER_A_BAY,
    processed: OVER_A_BAY,
    real_time: OVER_A_BAY,
    temperature: { from: 21.5, min: -15, max: 55, step: 0.3 },
    echo_time: { from: 13_700, min: 1600, max: 13_800, step: 900 },
  },
  around(far) {
    let uart = false;
    let powered: number | undefined;
    return {
      ...far,
      set(values: JsonObject) {
        const { uart_model, power, ...points } = values;
        if (uart_model !== undefined && typeof uart_model !== 'boolean')
          throw new Fault('usage', { text: 'uart_model is true or false' });
        uart = uart_model ?? uart;
        if (power === true) powered = undefined;
        far.set(points);
      },
      respond(pdu, up) {
        powered ??= up;
        return uart && up - powered >= WINDOW_MS ? undefined : far.respond(pdu, up);
      },
    };
  },
});
