/** A pipeline of a location as GHL lists it. */
interface Pipeline {
  id: string;
  stages: readonly { id: string }[];
}

export interface StageChoice {
  /** In which stage an opportunity starts; null for the pipeline's first. */
  stageId: string | null;
  reason: 'as-set' | 'none-set' | 'stage-gone' | 'pipeline-gone';
}

/**
 * Chooses the stage in which a location's opportunities start. People rearrange pipelines: where the stage that was set
 * is gone the lead starts in the first one, for an opportunity in the wrong stage is found and a missing one is not.
 * @param set what the location's settings name
 */
export function chooseStage(
  pipelines: readonly Pipeline[],
  set: { pipelineId: string; stageId: string | null },
): StageChoice {
  const pipeline = pipelines.find(({ id }) => id === set.pipelineId);
  if (!pipeline) return { stageId: null, reason: 'pipeline-gone' };
  if (set.stageId === null) return { stageId: null, reason: 'none-set' };
  const isThere = pipeline.stages.some(({ id }) => id === set.stageId);
  return isThere ? { stageId: set.stageId, reason: 'as-set' } : { stageId: null, reason: 'stage-gone' };
}
