import { defineRegisterDriver } from '#kit';
import { device } from './device.ts';

export default defineRegisterDriver(device);
