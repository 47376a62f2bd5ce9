/* What the leak sanitizer is to pass over: compiled in, so that no test can be run without. */
const char *__lsan_default_suppressions (void);

/* Each with its reason. None may name code that we wrote. */
const char *
__lsan_default_suppressions (void)
{
  return
      /* Tables of its own that only FcFini frees, which must not be called while a font map lives;
       * and what a thread of Pango's holds of a font map that ends before it was used. */
      "leak:libfontconfig\n";
}
