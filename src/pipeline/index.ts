export {
  type AirSource,
  type BayRules,
  type BaySettings,
  type BayState,
  Derivation,
  type DerivedSettings,
  type Moment,
  PERIODS,
  type Sense,
} from './derived/index.ts';
export { openPipeline, type Pipeline, type PipelineCounters } from './pipeline.ts';
export type { PointPlan, PointRules } from './rules.ts';
