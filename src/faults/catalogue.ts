import { busFaults } from './catalogue/bus.ts';
import { configFaults } from './catalogue/config.ts';
import { driverFaults } from './catalogue/driver.ts';
import { fieldFaults } from './catalogue/field.ts';
import { gatewayFaults } from './catalogue/gateway.ts';
import { gpioFaults } from './catalogue/gpio.ts';
import { httpFaults } from './catalogue/http.ts';
import { snapshotFaults } from './catalogue/snapshots.ts';
import { storeFaults } from './catalogue/store.ts';
import { uplinkFaults } from './catalogue/uplink.ts';

export type { FaultSpec } from './catalogue/spec.ts';

/** Every fault Gatelodge knows. Codes are `place.what`; a code never changes its meaning. */
export const catalogue = {
  ...gatewayFaults,
  ...busFaults,
  ...configFaults,
  ...driverFaults,
  ...fieldFaults,
  ...gpioFaults,
  ...httpFaults,
  ...snapshotFaults,
  ...storeFaults,
  ...uplinkFaults,
};

export type FaultCode = keyof typeof catalogue;
