import { HEALTH_FACTS } from '../../dist/src/model/index.js';
import { table } from '../lib/markdown.mjs';

const make = () => {
  const rows = Object.entries(HEALTH_FACTS)
    .sort(([x], [y]) => (x < y ? -1 : 1))
    .map(([code, { severity, means, remedy }]) => [`\`${code}\``, severity, means, remedy]);
  return `# Health facts

What can be not as it should be, declared once. \`gatelodge status\` shows the ones that hold now, each with the bus, device or uplink it
is about and the evidence; the platform gets them on \`…/health\`. A fact ends by itself when its cause does. \`info\`: worth knowing;
\`degraded\`: works with less; \`failed\`: a part does not work. This page is generated from \`src/model/health.ts\`.

${table(['code', 'severity', 'what it means', 'what to do'], rows)}
`;
};

export default [{ file: 'src/health/FACTS.md', make }];
