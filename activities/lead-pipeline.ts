import { log } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { chooseStage, type StageChoice } from '../domain/pipeline-stage.ts';
import type { LocationCall } from '../ghl/calls.ts';
import { GhlInvalidError } from '../ghl/errors.ts';
import type { ReadCache } from '../ghl/read-cache.ts';

/** The pipeline of a location in which leads become opportunities, and the stage in which they start. */
export interface PipelineSetting {
  pipelineId: string;
  stageId: string | null;
}

const isGone = ({ reason }: StageChoice): boolean => reason === 'stage-gone' || reason === 'pipeline-gone';

/**
 * Writes an opportunity into the stage that is set, or into the pipeline's first where that is gone. The list of
 * pipelines may be minutes old, and is believed only where it agrees: what it lacks may have been made since, and what
 * GHL refuses may have been removed since, so both times GHL is asked once more.
 * @param write writes with this stage, null for GHL's first; called once more when GHL refused a stage that is gone
 * @throws GhlError; ApplicationFailure PipelineGone, final, when an operator must set another pipeline
 */
export async function writeInStage<T>(
  reads: ReadCache,
  call: LocationCall,
  set: PipelineSetting,
  write: (stageId: string | null) => Promise<T>,
): Promise<T> {
  const choose = async () => chooseStage(await reads.read('pipelines', call), set);
  const chooseAnew = async () => {
    reads.invalidate(call.resource, 'pipelines');
    return choose();
  };
  const writeAs = ({ stageId, reason }: StageChoice): Promise<T> => {
    const { locationId } = call.resource;
    if (reason === 'pipeline-gone') {
      throw ApplicationFailure.nonRetryable('the pipeline set for the location is gone in GHL', 'PipelineGone');
    }
    if (reason === 'stage-gone')
      log.warn('the stage set for new leads is gone in GHL: the first is used', { locationId });
    return write(stageId);
  };

  let choice = await choose();
  if (isGone(choice)) choice = await chooseAnew();
  try {
    return await writeAs(choice);
  } catch (error) {
    if (!(error instanceof GhlInvalidError) || error.reason !== 'bad-request') throw error;
    const now = await chooseAnew();
    // The pipeline is as it was: something else was refused.
    if (now.reason === choice.reason) throw error;
    return writeAs(now);
  }
}
