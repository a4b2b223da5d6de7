/** The build hands style sheets over as text, for adopted style sheets: the CSP knows no others. */
declare module '*.css' {
  const text: string;
  export default text;
}
