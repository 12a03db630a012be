/** Device, point, door and zone ids: contract, Identity. They never change meaning and are not reused. */
export const ID_PATTERN = /^[a-z0-9][a-z0-9-]{0,39}$/;

/** Point ids may also hold an underscore, as units and particle sizes are written (`pm2_5`). */
export const POINT_PATTERN = /^[a-z0-9][a-z0-9_-]{0,39}$/;

export const isId = (text: string): boolean => ID_PATTERN.test(text);
export const isPointId = (text: string): boolean => POINT_PATTERN.test(text);
