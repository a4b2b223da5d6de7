/** One member of a program as a Python function `name(rows, target, seed)` that returns a fitted predictor. */
import type { PythonModule } from '../fragments.ts';
import type { Member } from '../genome.ts';
import type { Problem } from '../problem.ts';
import type { Profile } from '../profile.ts';

export interface MemberRequest {
  readonly member: Member;
  readonly functionName: string;
  readonly problem: Problem;
  readonly profile: Profile;
  readonly module: PythonModule;
}

/** What a modality adds to the row program: how rows are read, and how members are fitted. */
export interface RowModality {
  /** Constants at the top: column lists, array names. */
  constants(members: readonly Member[], problem: Problem, profile: Profile): string;
  /** Definitions that end in `read_rows(folder: Path, table: pd.DataFrame)`, and `groups_of(rows)` for duplicates. */
  defineReading(members: readonly Member[], profile: Profile, module: PythonModule): void;
  /** The function of one member. */
  memberFunction(request: MemberRequest): string;
  /** Type of rows in Python: what `rows[mask]` works on. */
  readonly rowsType: string;
}
