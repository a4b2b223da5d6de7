/** Characters that turn the direction of writing: with them a text from elsewhere shows in another order than it has. */

/** For a class of a regular expression. */
export const directionMarks = '\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069';
