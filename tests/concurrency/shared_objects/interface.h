/* promlite: what the host of the shared objects asks of each. C types only: a module may be of another version. */
/* SPDX-License-Identifier: MIT */
#ifndef PROMLITE_TESTS_SHARED_OBJECTS_INTERFACE_H
#define PROMLITE_TESTS_SHARED_OBJECTS_INTERFACE_H

struct Module {
  const char* version;   /* of the library that it was compiled against */
  const void* allocator; /* where this copy of the library has its slots */
  void* registry;        /* this module's own, gone when it is unloaded */
  void* counter;         /* handles of it */
  void* histogram;
  void* summary;
  /* Updates through this copy of the library; the handles may be another module's of the same version. */
  void (*update)(void* counter, void* histogram, void* summary);
  /* Declares `guest_total` in a registry, another module's of the same version, too, and counts one. */
  void (*declare)(void* registry);
  /* Counts one in this copy's default registry. What that shows then. */
  double (*count_by_default)(void);
  /* What this module's registry shows of a sample. Updates must stand still. */
  double (*value)(const char* sample);
};

typedef const Module* (*OpenModule)(void);

#endif /* PROMLITE_TESTS_SHARED_OBJECTS_INTERFACE_H */
