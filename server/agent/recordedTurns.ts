/** Where time ran out for an agent when it was recorded: a replay, on another machine, has no clock to keep to. */
export interface RecordedTurns {
  /** The turn was begun as the last one. @param step how often its model has answered before */
  isLast(step: number): boolean;
  /** The turn was not begun any more: time was up. */
  isOver(step: number): boolean;
  /** Milliseconds after which a tool call was cut off; null: it was not. @param index of the call in its answer, from 0 */
  cutOffMs(step: number, index: number): number | null;
}
