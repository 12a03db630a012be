export { openPipeline, type Pipeline, type PipelineCounters } from './pipeline.ts';
export type { PointPlan, PointRules } from './rules.ts';
