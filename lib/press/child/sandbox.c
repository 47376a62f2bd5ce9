/* Limits and a filter of system calls, see sandbox.h. */
#include "press/child/sandbox.h"

#include <errno.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "press/report.h"

#define ADDRESSES_MAX_BYTES ((rlim_t)768 * 1024 * 1024)
#define CPU_MAX_S           20

/* What a parser of bytes in memory needs. exit_group is how exit() ends a process. */
static const int allowed[] = {
  SCMP_SYS (read),          SCMP_SYS (write),        SCMP_SYS (lseek),     SCMP_SYS (pread64),
  SCMP_SYS (fstat),         SCMP_SYS (close),        SCMP_SYS (munmap),    SCMP_SYS (mremap),
  SCMP_SYS (brk),           SCMP_SYS (madvise),      SCMP_SYS (futex),     SCMP_SYS (getrandom),
  SCMP_SYS (clock_gettime), SCMP_SYS (rt_sigreturn), SCMP_SYS (sigreturn), SCMP_SYS (exit),
  SCMP_SYS (exit_group),
};

/* Libraries look for data of theirs now and then, and do without: that is no attack, so these fail
 * and do not kill. glibc's fstat() is newfstatat() too. */
static const int denied[] = {
  SCMP_SYS (open),       SCMP_SYS (openat),    SCMP_SYS (openat2),  SCMP_SYS (creat),
  SCMP_SYS (stat),       SCMP_SYS (lstat),     SCMP_SYS (statx),    SCMP_SYS (newfstatat),
  SCMP_SYS (access),     SCMP_SYS (faccessat), SCMP_SYS (readlink), SCMP_SYS (readlinkat),
  SCMP_SYS (faccessat2),
};

static gboolean
limit (__rlimit_resource_t resource, rlim_t soft, rlim_t hard)
{
  const struct rlimit bound = { soft, hard };

  return setrlimit (resource, &bound) == 0;
}

/* RLIMIT_NPROC does not hold for root; the filter does. SIGXCPU comes a second before SIGKILL, so
 * that the parent sees which limit it was. */
static gboolean
set_limits (void)
{
  return limit (RLIMIT_AS, ADDRESSES_MAX_BYTES, ADDRESSES_MAX_BYTES) &&
         limit (RLIMIT_CPU, CPU_MAX_S, CPU_MAX_S + 1) && limit (RLIMIT_NPROC, 0, 0) &&
         limit (RLIMIT_CORE, 0, 0) && limit (RLIMIT_FSIZE, PRESS_MAX_BYTES, PRESS_MAX_BYTES);
}

/* Memory, never code: without PROT_EXEC, and a file only to be read. */
static gboolean
allow_mmap (scmp_filter_ctx filter)
{
  return seccomp_rule_add (filter, SCMP_ACT_ALLOW, SCMP_SYS (mmap), 1,
                           SCMP_A2 (SCMP_CMP_MASKED_EQ, PROT_EXEC | PROT_WRITE, 0)) == 0 &&
         seccomp_rule_add (filter, SCMP_ACT_ALLOW, SCMP_SYS (mmap), 2,
                           SCMP_A2 (SCMP_CMP_MASKED_EQ, PROT_EXEC, 0),
                           SCMP_A3 (SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, MAP_ANONYMOUS)) == 0;
}

static gboolean
fill_filter (scmp_filter_ctx filter)
{
  gboolean is_well = allow_mmap (filter);

  for (gsize i = 0; i < G_N_ELEMENTS (allowed); i++)
    is_well = is_well && seccomp_rule_add (filter, SCMP_ACT_ALLOW, allowed[i], 0) == 0;
  for (gsize i = 0; i < G_N_ELEMENTS (denied); i++)
    is_well = is_well && seccomp_rule_add (filter, SCMP_ACT_ERRNO (EACCES), denied[i], 0) == 0;
  return is_well;
}

static gboolean
filter_calls (void)
{
  scmp_filter_ctx filter = seccomp_init (SCMP_ACT_KILL_PROCESS);
  gboolean is_well = filter && fill_filter (filter) && seccomp_load (filter) == 0;

  if (filter)
    seccomp_release (filter);
  return is_well;
}

gboolean
sandbox_is_built_in (void)
{
#ifdef SANITIZED
  return FALSE;
#else
  return TRUE;
#endif
}

gboolean
sandbox_enter (void)
{
  /* Whoever asked is gone: nobody wants the answer. */
  if (prctl (PR_SET_PDEATHSIG, SIGKILL) != 0 || prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
    return FALSE;
  return !sandbox_is_built_in () || (set_limits () && filter_calls ());
}
