/** Small images in one array: upright shape, gradients or pixels, principal components, shifted copies for training. */
import type { PythonModule } from '../fragments.ts';
import type { Member } from '../genome.ts';
import type { Profile } from '../profile.ts';
import { estimatorOf } from './estimators.ts';
import type { MemberRequest, RowModality } from './member.ts';
import { choiceGene, lines, numberGene } from './python.ts';

/** The array with the images: the first with height and width. */
export function imageArray(profile: Profile): Profile['arrays'][number] | undefined {
  return profile.arrays.find((array) => array.shape.length >= 3) ?? profile.arrays[0];
}

function constants(_members: readonly Member[], _problem: unknown, profile: Profile): string {
  return `IMAGES = ${JSON.stringify(`${imageArray(profile)?.name ?? 'images'}.npy`)}`;
}

function defineReading(members: readonly Member[], profile: Profile, module: PythonModule): void {
  const array = imageArray(profile);
  const channels = (array?.shape.length ?? 3) > 3;
  const flat = (array?.shape.length ?? 3) === 2;
  const upright = members.filter((member) => member.genes.shape === 'deskew').length;
  const all = upright === members.length;
  if (upright > 0) module.useFragment('deskew');
  module.define(
    'read_rows',
    lines(
      'def read_rows(folder: Path, table: pd.DataFrame) -> np.ndarray:',
      `    """The images of the rows in grey, shape (n, height, width)${all ? ', set upright' : ''}."""`,
      '    images = np.load(folder / IMAGES, mmap_mode="r")[table.index.to_numpy()].astype(np.float32)',
      channels && '    images = images.mean(axis=3)',
      flat && '    side = int(np.sqrt(images.shape[1]))',
      flat && '    images = images[:, : side * side].reshape(-1, side, side)',
      array?.dtype === 'uint8' && '    images /= 255',
      all ? '    return deskew(images)' : '    return images',
    ),
  );
  module.define(
    'groups_of',
    lines(
      'def groups_of(rows: np.ndarray) -> np.ndarray:',
      '    """Equal images form a group."""',
      '    return np.array([hash(image.tobytes()) for image in rows])',
    ),
  );
}

/** Python that turns `images` (already upright where wanted) into a matrix. */
function featureExpression(member: Member, module: PythonModule): string {
  const { genes } = member;
  const pixels = 'images.reshape(len(images), -1)';
  const features = choiceGene(genes, 'features');
  if (features === 'pixels') return pixels;
  module.useFragment('hog');
  const gradients = `hog(images, ${numberGene(genes, 'cell')}, ${numberGene(genes, 'orientations')})`;
  return features === 'hog' ? gradients : `np.hstack([${gradients}, 0.5 * ${pixels}])`;
}

const moves: Record<string, string> = {
  'shift-4': '[(0, 1), (0, -1), (1, 0), (-1, 0)]',
  'shift-8': '[(0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (1, -1), (-1, 1), (-1, -1)]',
};

function memberFunction(request: MemberRequest & { allUpright?: boolean }): string {
  const { member, functionName, problem, module } = request;
  module.import('from sklearn.decomposition import PCA\nfrom collections.abc import Callable');
  const feature = featureExpression(member, module);
  const shifts = moves[choiceGene(member.genes, 'shifts')];
  if (shifts !== undefined) module.useFragment('shifted');
  const upright = choiceGene(member.genes, 'shape') === 'deskew' && request.allUpright !== true;
  const estimator = estimatorOf(member, problem, module);
  return lines(
    `def ${functionName}(rows: np.ndarray, target: np.ndarray, seed: int) -> Callable[[np.ndarray], np.ndarray]:`,
    `    """${describeImage(member)}."""`,
    '',
    '    def describe(images: np.ndarray) -> np.ndarray:',
    `        return ${feature}`,
    '',
    upright && '    rows = deskew(rows)',
    shifts !== undefined && `    rows, target = shifted(rows, target, ${shifts})`,
    '    matrix = describe(rows)',
    `    reduce = PCA(min(${numberGene(member.genes, 'components')}, *matrix.shape), svd_solver="randomized", random_state=seed)`,
    '    matrix = reduce.fit_transform(matrix)',
    '    scale = matrix.std()',
    '    matrix = matrix / scale',
    `    model = ${estimator.construct}`,
    '    model.fit(matrix, target)',
    '',
    '    def predict(rows: np.ndarray) -> np.ndarray:',
    `        matrix = reduce.transform(describe(${upright ? 'deskew(rows)' : 'rows'})) / scale`,
    `        return ${estimator.predict('matrix')}`,
    '',
    '    return predict',
  );
}

const familyWords: Record<string, string> = {
  svm: 'A Gaussian-kernel SVM',
  knn: 'Nearest neighbours',
  mlp: 'A small neural network',
  linear: 'A linear model',
  'extra-trees': 'Extremely randomised trees',
};

function describeImage({ family, genes }: Member): string {
  const features = String(genes.features).replace('hog', 'gradients').replace('+', ' and ');
  const upright = genes.shape === 'deskew' ? ' of upright images' : '';
  const copies = genes.shifts === 'none' ? '' : ', with shifted copies';
  return `${familyWords[family] ?? family} on ${genes.components} components of ${features}${upright}${copies}`;
}

export const imageModality: RowModality = {
  constants,
  defineReading,
  rowsType: 'np.ndarray',
  memberFunction: (request) => memberFunction(request),
};

/** The image modality for a set of members: the upright turn is made once, at reading, where all of them want it. */
export function imageModalityFor(members: readonly Member[]): RowModality {
  const allUpright = members.every((member) => member.genes.shape === 'deskew');
  return { ...imageModality, memberFunction: (request) => memberFunction({ ...request, allUpright }) };
}
