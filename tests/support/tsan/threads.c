/* Threads and locks of C11 by those of POSIX, for the thread sanitizer: librdkafka has its threads
 * and locks by <threads.h>, and the sanitizer of gcc 12 does not know thrd_create(): a thread that
 * it has not seen start ends the process at its first intercepted call. In glibc both kinds are the
 * same objects. Stands before libc's in every program of the tsan preset. */
#include <dlfcn.h>
#include <errno.h>
#include <librdkafka/rdkafka.h>
#include <pthread.h>
#include <sanitizer/tsan_interface.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <threads.h>

_Static_assert(sizeof (mtx_t) == sizeof (pthread_mutex_t), "mtx_t is a pthread_mutex_t");
_Static_assert(sizeof (cnd_t) == sizeof (pthread_cond_t), "cnd_t is a pthread_cond_t");

#define MUTEX(mutex)         ((pthread_mutex_t *)(mutex))
#define CONDITION(condition) ((pthread_cond_t *)(condition))

static int
result_of (int status)
{
  return status == 0           ? thrd_success
         : status == ENOMEM    ? thrd_nomem
         : status == ETIMEDOUT ? thrd_timedout
         : status == EBUSY     ? thrd_busy
                               : thrd_error;
}

typedef struct {
  thrd_start_t function;
  void *data;
} Start;

/* Only librdkafka makes threads this way. */
static _Thread_local bool is_of_librdkafka;

static void *
run (void *data)
{
  Start start = *(Start *)data;

  is_of_librdkafka = true;
  free (data);
  return (void *)(intptr_t)start.function (start.data);
}

int
thrd_create (thrd_t *thread, thrd_start_t function, void *data)
{
  Start *start = malloc (sizeof *start);
  int status;

  if (!start)
    return thrd_nomem;
  *start = (Start){ function, data };
  status = pthread_create (thread, NULL, run, start);
  if (status != 0)
    free (start);
  return result_of (status);
}

int
thrd_join (thrd_t thread, int *ret_result)
{
  void *result = NULL;
  int status = pthread_join (thread, &result);

  if (status == 0 && ret_result)
    *ret_result = (int)(intptr_t)result;
  return result_of (status);
}

int
thrd_detach (thrd_t thread)
{
  return result_of (pthread_detach (thread));
}

int
mtx_init (mtx_t *mutex, int type)
{
  pthread_mutexattr_t attributes;
  int status;

  pthread_mutexattr_init (&attributes);
  pthread_mutexattr_settype (&attributes,
                             type & mtx_recursive ? PTHREAD_MUTEX_RECURSIVE : PTHREAD_MUTEX_NORMAL);
  status = pthread_mutex_init (MUTEX (mutex), &attributes);
  pthread_mutexattr_destroy (&attributes);
  return result_of (status);
}

void
mtx_destroy (mtx_t *mutex)
{
  pthread_mutex_destroy (MUTEX (mutex));
}

int
mtx_lock (mtx_t *mutex)
{
  return result_of (pthread_mutex_lock (MUTEX (mutex)));
}

int
mtx_trylock (mtx_t *mutex)
{
  return result_of (pthread_mutex_trylock (MUTEX (mutex)));
}

/* The records of one answer of the broker share a buffer. Who lets go of the last one frees it, by
 * an atomic count that nobody instruments; the thread that filled it has let go of a lock since it
 * read there last. Of our own threads nothing is told here. */
static char filled_buffers;

int
mtx_unlock (mtx_t *mutex)
{
  if (is_of_librdkafka)
    __tsan_release (&filled_buffers);
  return result_of (pthread_mutex_unlock (MUTEX (mutex)));
}

int
cnd_init (cnd_t *condition)
{
  return result_of (pthread_cond_init (CONDITION (condition), NULL));
}

void
cnd_destroy (cnd_t *condition)
{
  pthread_cond_destroy (CONDITION (condition));
}

int
cnd_signal (cnd_t *condition)
{
  return result_of (pthread_cond_signal (CONDITION (condition)));
}

int
cnd_broadcast (cnd_t *condition)
{
  return result_of (pthread_cond_broadcast (CONDITION (condition)));
}

int
cnd_wait (cnd_t *condition, mtx_t *mutex)
{
  return result_of (pthread_cond_wait (CONDITION (condition), MUTEX (mutex)));
}

int
cnd_timedwait (cnd_t *condition, mtx_t *mutex, const struct timespec *until)
{
  return result_of (pthread_cond_timedwait (CONDITION (condition), MUTEX (mutex), until));
}

/* librdkafka destroys a lock after the last reference is gone, and counts those with atomics that
 * nobody instruments. To hold the lock once more says the same: its other holders have let it
 * go. */
int
pthread_rwlock_destroy (pthread_rwlock_t *lock)
{
  int (*destroy) (pthread_rwlock_t *) =
      (int (*) (pthread_rwlock_t *))dlsym (RTLD_NEXT, "pthread_rwlock_destroy");

  pthread_rwlock_wrlock (lock);
  pthread_rwlock_unlock (lock);
  return destroy (lock);
}

void
rd_kafka_message_destroy (rd_kafka_message_t *message)
{
  void (*destroy) (rd_kafka_message_t *) =
      (void (*) (rd_kafka_message_t *))dlsym (RTLD_NEXT, "rd_kafka_message_destroy");

  __tsan_acquire (&filled_buffers);
  destroy (message);
}
