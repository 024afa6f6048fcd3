/* promlite: what the host of the shared objects asks of each. C types only: nothing of promlite is shared. */
/* SPDX-License-Identifier: MIT */
#ifndef PROMLITE_TESTS_SHARED_OBJECTS_INTERFACE_H
#define PROMLITE_TESTS_SHARED_OBJECTS_INTERFACE_H

struct Module {
  const void* allocator; /* where this copy of the library has its slots */
  void* counter;         /* handles of this module's own registry */
  void* histogram;
  void* summary;
  /* Updates through this copy of the library; the handles may be another module's. */
  void (*update)(void* counter, void* histogram, void* summary);
  /* What this module's registry shows. Updates must stand still. */
  double (*counted)(void);
  double (*observed)(void);
  double (*summed)(void);
  double (*summary_count)(void);
};

typedef const Module* (*OpenModule)(void);

#endif /* PROMLITE_TESTS_SHARED_OBJECTS_INTERFACE_H */
