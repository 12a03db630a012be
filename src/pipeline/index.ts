export { openPipeline, type Pipeline, type PipelineCounters } from './pipeline.ts';
export { type PointPlan, type PointRules } from './rules.ts';
