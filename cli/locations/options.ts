import type { Command } from 'commander';

/** The options of a location that `add` and `set` share. `none` takes a value away. */
export const addFieldOptions = (command: Command): Command =>
  command
    .option('--postcode <code>', 'ZIP or Canadian postal code: decides place and time zone')
    .option('--country <code>', 'US or CA, where the postcode alone does not tell')
    .option('--time-zone <name>', 'other than the postcode’s, such as America/Denver')
    .option('--verticals <list>', 'lines of business it serves, with commas between; none: all')
    .option('--radius-km <km>', 'how far away its customers may live; none: any distance')
    .option('--max-open-leads <n>', 'open leads it may have; none: any number')
    .option('--daily-cap <n>', 'leads it takes on one of its days; none: any number')
    .option('--pipeline-id <id>', 'the GHL pipeline in which leads become opportunities; none: no opportunities')
    .option('--pipeline-stage-id <id>', 'the stage in which they start; none: GHL’s first')
    .option('--lead-max-age-hours <n>', 'after how long an open lead ends by age')
    .option('--intake', 'new contacts here are enquiries (default for master and region)')
    .option('--no-intake', 'new contacts here are the location’s own customers');
