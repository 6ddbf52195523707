# find_package(zeromq-plugin) defines the targets zeromq::zeromq, the shared library, and
# zeromq::static, the static one.

get_filename_component(_zeromq_lib "${CMAKE_CURRENT_LIST_DIR}/../.." ABSOLUTE)
# Libraries may be in lib or in a folder of lib.
get_filename_component(_zeromq_include "${_zeromq_lib}/../include" ABSOLUTE)
if(NOT EXISTS "${_zeromq_include}/zeromq.h")
  get_filename_component(_zeromq_include "${_zeromq_lib}/../../include" ABSOLUTE)
endif()

if(NOT TARGET zeromq::zeromq)
  add_library(zeromq::zeromq SHARED IMPORTED)
  set_target_properties(zeromq::zeromq PROPERTIES
    IMPORTED_LOCATION "${_zeromq_lib}/@LIBRARY@"
    INTERFACE_INCLUDE_DIRECTORIES "${_zeromq_include}")
endif()

if(NOT TARGET zeromq::static AND EXISTS "${_zeromq_lib}/libzeromq.a")
  add_library(zeromq::static STATIC IMPORTED)
  set_target_properties(zeromq::static PROPERTIES
    IMPORTED_LOCATION "${_zeromq_lib}/libzeromq.a"
    INTERFACE_INCLUDE_DIRECTORIES "${_zeromq_include}"
    INTERFACE_LINK_LIBRARIES "@NEEDED@")
endif()

unset(_zeromq_lib)
unset(_zeromq_include)
