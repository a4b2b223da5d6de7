/** One of several values that a person can choose from. */
export interface Choice {
  value: string;
  label: string;
  disabled?: boolean;
}
