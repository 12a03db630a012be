/** Options that several commands share. */
export const json = { json: { about: 'for machines; shapes in src/cli/README.md' } } as const;

export const root = {
  root: { value: 'FOLDER', about: 'folder of relative paths in the site file', default: '.' },
} as const;

export const socket = {
  socket: {
    value: 'FILE',
    about: 'control socket of the gateway',
    default: '/run/gatelodge/control.sock',
  },
} as const;

export const profile = {
  profile: { value: 'FILE', about: "a site's own register map (YAML), which is a driver too", many: true },
} as const;

export const set = {
  set: { value: 'k=v', about: 'an option of the driver', many: true },
} as const;
