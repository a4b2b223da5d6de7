/** What is wrong with a field, in words that say what to write instead. */
import { t } from '../frame/strings.ts';
import type { FormProblem } from './form.ts';

export function problemWords(problem: FormProblem): string {
  switch (problem.kind) {
    case 'task':
      return t('Choose a task.');
    case 'number':
      return t('Write a number, or leave it empty.');
    case 'integer':
      return t('Write a whole number.');
    case 'range':
      return problem.max >= 1e6
        ? t('Write a number of at least {0}.', problem.min)
        : t('Write a number from {0} to {1}.', problem.min, problem.max);
    case 'name':
      return t('Write the model’s name.');
    case 'space':
      return t('A model’s name has no spaces and no @.');
    case 'url':
      return t('Write the address of the server, such as http://localhost:8000/v1.');
    case 'none_offered':
      return t('This VS Code offers no models.');
    case 'not_offered':
      return t('Choose one of the models that VS Code offers.');
    case 'unsafe':
      return t('Say that you accept this, or choose a sandbox.');
    case 'price':
      return t('Write what input and output cost, or leave both empty.');
  }
}
