/** All a driver author needs. Drivers import this and the schema library, nothing else. */
export type {
  ActResult,
  AnyDriver,
  AnySimulator,
  BytesFarEnd,
  BytesLink,
  Call,
  CommandSpec,
  Cut,
  Decoded,
  DriverCard,
  DriverDefinition,
  DriverLibrary,
  EventSpec,
  Evidence,
  FarEnd,
  FrameRule,
  Heard,
  Look,
  ModbusFarEnd,
  ModbusLink,
  ModbusRange,
  ModbusTable,
  ModbusWrite,
  Schema,
  Session,
  SimulatorDefinition,
  Texts,
} from '../contracts/index.ts';
export { asFault, Fault, type FaultCode, isFault } from '../faults/index.ts';
export type {
  FlagPoint,
  JsonObject,
  NumberPoint,
  PointSpec,
  PointSpecs,
  PrivacyClass,
  Sample,
  StatePoint,
  Value,
} from '../model/index.ts';
export { nearest } from '../model/index.ts';
export * from './bytes.ts';
export { checkPoints, PRIVACY_CLASSES } from './check-points.ts';
export * from './checksums.ts';
export { anyDriver, anySimulator, checkArgs, defineDriver, defineSimulator, problemsOf } from './define.ts';
export * from './far-end.ts';
export * from './frames.ts';
export { mapFarEnd, type Nature } from './map-far-end.ts';
export * from './modbus-frame.ts';
export * from './modbus-pdu.ts';
export { noteOf, type RegisterMap, registerMap, type WordBank } from './register-map.ts';
export type {
  FlagRow,
  MapDefaults,
  NumberRow,
  PointsOf,
  RegisterRow,
  RegisterTable,
  StateRow,
} from './register-table.ts';
export { decimalsOf, limitsOf, type RegisterType, roundTo } from './register-values.ts';
export { writeOnce } from './write-once.ts';
