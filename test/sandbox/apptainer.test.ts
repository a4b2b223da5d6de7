/** Apptainer keeps the same promises as bubblewrap: the same tests, on its sandboxes. */
import { contract } from './contract.ts';

await contract('apptainer');
