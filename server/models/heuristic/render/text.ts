/** Short texts: n-grams of words and characters, weighted by how rare they are. */
import type { PythonModule } from '../fragments.ts';
import type { Member } from '../genome.ts';
import { columnsOf, type Profile } from '../profile.ts';
import { estimatorOf } from './estimators.ts';
import type { MemberRequest, RowModality } from './member.ts';
import { choiceGene, lines, listConstant, numberGene } from './python.ts';

/** Columns that are read as text: free texts, or every category where there is none. */
export function textColumns(profile: Profile): string[] {
  const texts = profile.columns.filter(({ kind, words }) => kind === 'text' || (kind === 'category' && words >= 1.5));
  return texts.length > 0 ? texts.map(({ name }) => name) : columnsOf(profile, 'category', 'number', 'date');
}

function constants(_members: readonly Member[], _problem: unknown, profile: Profile): string {
  return listConstant('TEXTS', textColumns(profile));
}

function defineReading(_members: readonly Member[], _profile: Profile, module: PythonModule): void {
  module.define(
    'read_rows',
    lines(
      'def read_rows(folder: Path, table: pd.DataFrame) -> np.ndarray:',
      '    """The text of each row, its columns one after the other."""',
      '    return table[TEXTS].astype(object).fillna("").astype(str).agg(" ".join, axis=1).to_numpy(dtype=object)',
    ),
  );
  module.define(
    'groups_of',
    lines('def groups_of(rows: np.ndarray) -> np.ndarray:', '    """Equal texts form a group."""', '    return rows'),
  );
}

function vectorizers({ member, module }: MemberRequest): string[] {
  const { genes } = member;
  const characters = choiceGene(genes, 'characters');
  const chosen = choiceGene(genes, 'words');
  // Something must be counted: without characters, words are.
  const words = chosen === 'none' && characters === 'none' ? '1' : chosen;
  const range = (spoken: string): string => {
    const [from = '1', to = from] = spoken.split('-');
    return `ngram_range=(${from}, ${to})`;
  };
  const rarest = numberGene(genes, 'minCount');
  const result: string[] = [];
  if (words !== 'none') {
    const stems = choiceGene(genes, 'stems') === 'suffixes';
    if (stems) module.useFragment('stem');
    const tokens = stems ? 'tokenizer=stemmed_words, token_pattern=None' : 'token_pattern=r"(?u)\\b\\w+\\b"';
    result.push(`TfidfVectorizer(${range(words)}, ${tokens}, min_df=${rarest}, sublinear_tf=True)`);
  }
  if (characters !== 'none') {
    result.push(`TfidfVectorizer(analyzer="char_wb", ${range(characters)}, min_df=${rarest + 1}, sublinear_tf=True)`);
  }
  return result;
}

function memberFunction(request: MemberRequest): string {
  const { member, functionName, problem, module } = request;
  module.import('from sklearn.feature_extraction.text import TfidfVectorizer\nfrom collections.abc import Callable');
  const counters = vectorizers(request);
  const joined = counters.length > 1;
  if (joined) module.import('from sklearn.pipeline import make_union');
  const ratios = choiceGene(member.genes, 'ratios') === 'log-count-ratios' && problem.kind === 'classification';
  if (ratios) module.useFragment('log_count_ratios');
  const estimator = estimatorOf(member, problem, module);
  const transformed = ratios ? 'counter.transform(rows).multiply(weights).tocsr()' : 'counter.transform(rows)';
  return lines(
    `def ${functionName}(rows: np.ndarray, target: np.ndarray, seed: int) -> Callable[[np.ndarray], np.ndarray]:`,
    `    """${describeText(member)}."""`,
    joined && '    counter = make_union(',
    ...(joined ? counters.map((counter) => `        ${counter},`) : [`    counter = ${counters[0] ?? ''}`]),
    joined && '    )',
    '    matrix = counter.fit_transform(rows)',
    ratios && '    weights = log_count_ratios(matrix, target)',
    ratios && '    matrix = matrix.multiply(weights).tocsr()',
    `    model = ${estimator.construct}`,
    '    model.fit(matrix, target)',
    `    return lambda rows: ${estimator.predict(transformed)}`,
  );
}

const familyWords: Record<string, string> = {
  'linear-svm': 'A linear support vector machine',
  logistic: 'Logistic regression',
  'complement-nb': 'Complement naive Bayes',
  ridge: 'Ridge regression on class indicators',
  knn: 'Nearest neighbours by cosine',
};

function describeText(member: Member): string {
  const { genes } = member;
  const words = genes.words === 'none' ? null : `${genes.stems === 'suffixes' ? 'stems' : 'words'} ${genes.words}`;
  const characters = genes.characters === 'none' ? null : `characters ${genes.characters}`;
  const counted = [words, characters].filter((part) => part !== null).join(' and ') || 'words 1';
  return `${familyWords[member.family] ?? member.family} on n-grams of ${counted}`;
}

export const textModality: RowModality = { constants, defineReading, memberFunction, rowsType: 'np.ndarray' };
