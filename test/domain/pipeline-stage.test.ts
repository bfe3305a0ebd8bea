import { expect, it } from 'vitest';
import { chooseStage } from '../../domain/pipeline-stage.ts';

const pipelines = [
  { id: 'sales', stages: [{ id: 'new' }, { id: 'quoted' }] },
  { id: 'service', stages: [{ id: 'open' }] },
];

it.each([
  ['sales', 'quoted', { stageId: 'quoted', reason: 'as-set' }],
  ['sales', null, { stageId: null, reason: 'none-set' }],
  ['sales', 'gone', { stageId: null, reason: 'stage-gone' }],
  ['sales', 'open', { stageId: null, reason: 'stage-gone' }],
  ['gone', 'new', { stageId: null, reason: 'pipeline-gone' }],
  ['gone', null, { stageId: null, reason: 'pipeline-gone' }],
])('in pipeline %s with stage %j set an opportunity starts so: %j', (pipelineId, stageId, choice) => {
  expect(chooseStage(pipelines, { pipelineId, stageId })).toEqual(choice);
});
