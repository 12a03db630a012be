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
  GivenFile,
  Heard,
  HttpAsked,
  HttpFarEnd,
  HttpLink,
  HttpPart,
  HttpReply,
  HttpRequest,
  HttpSaid,
  HttpUser,
  LineEdge,
  LineFarEnd,
  LineLink,
  LineSpec,
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
  UdpFarEnd,
  UdpLink,
  UnitSetup,
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
export { aes128Cbc, aes128CbcOpen, randomBlock } from './aes.ts';
export { askOnce } from './ask-once.ts';
export * from './bytes.ts';
export { cameraFlags, decodeCamera, needRest, takePicture } from './camera.ts';
export * from './card-bits.ts';
export { checkPoints, PRIVACY_CLASSES } from './check-points.ts';
export * from './checksums.ts';
export {
  anyDriver,
  anySimulator,
  checkArgs,
  defineDriver,
  defineSimulator,
  problemsOf,
  withoutMillis,
} from './define.ts';
export * from './far-end.ts';
export { answerFrames } from './far-stream.ts';
export * from './floats.ts';
export * from './frame-checks.ts';
export * from './frames.ts';
export * from './http-device.ts';
export {
  basicAuthorization,
  type Challenge,
  type DigestChallenge,
  type DigestUse,
  digestAuthorization,
  digestChallenge,
  digestResponse,
  readChallenges,
} from './http-digest.ts';
export * from './http-message.ts';
export { MAINS } from './mains.ts';
export { type MapShapes, mapFarEnd } from './map-far-end.ts';
export * from './modbus-frame.ts';
export * from './modbus-pdu.ts';
export { boundaryOf, multipartReader } from './multipart.ts';
export * from './nine-bytes.ts';
export { type PinEntry, type PinRules, pinEntry } from './pin-entry.ts';
export { quantity } from './quantity.ts';
export { defineRegisterDriver, type RegisterDevice, registerSimulator } from './register-driver.ts';
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
export * from './relay-board.ts';
export * from './relay-commands.ts';
export * from './relay-driver.ts';
export * from './relay-far-end.ts';
export * from './relay-session.ts';
export { observeSerial, type SerialSensor } from './serial-sensor.ts';
export { framesByFirst } from './several-frames.ts';
export * from './shdlc.ts';
export { testPicture } from './test-picture.ts';
export {
  CHARSETS,
  type Charset,
  LINE_ENDS,
  type LineEnd,
  type LineShape,
  lineFrame,
  lineText,
  readLines,
} from './text-lines.ts';
export { settingCommands, setupOf, type UnitSetting, type UnitSettings } from './unit-settings.ts';
export * from './word-frame.ts';
export { writeOnce } from './write-once.ts';
export { passwordDigest, usernameToken } from './ws-security.ts';
export { readXml, type XmlNode, xmlEscaped, xmlFind, xmlText } from './xml.ts';
