# cnnc_add_network(TARGET NET file.cnn [OPTIONS option...])
#
#     cnnc_add_network(digits NET lenet5.cnn OPTIONS --target=x86-64-v3)
#     target_link_libraries(app PRIVATE digits)      # #include "lenet5.h"
#
# A static library with the compiled network; what links it finds the header,
# named after the .cnn file. The network is compiled again when the .cnn, its
# weights, or any other file that cnnc read for it has changed, or cnnc itself.
cmake_policy(PUSH)
cmake_policy(VERSION 3.20) # CMP0116: how a DEPFILE's paths are read

function(cnnc_add_network target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "NET" "OPTIONS")
  if(NOT arg_NET OR arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR
      "cnnc_add_network(TARGET NET file.cnn [OPTIONS option...])")
  endif()
  get_filename_component(net ${arg_NET} ABSOLUTE)
  get_filename_component(name ${arg_NET} NAME_WE)
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/${target}.cnnc)
  file(MAKE_DIRECTORY ${folder})
  add_custom_command(OUTPUT ${folder}/${name}.c ${folder}/${name}.h
    COMMAND cnnc::cnnc ${net} -o ${folder}/${name}.c -MD ${arg_OPTIONS}
    DEPENDS cnnc::cnnc ${net} DEPFILE ${folder}/${name}.d
    COMMENT "Compiling network ${name}" VERBATIM)
  add_library(${target} STATIC ${folder}/${name}.c ${folder}/${name}.h)
  target_include_directories(${target} PUBLIC ${folder})
  target_link_libraries(${target} PUBLIC cnnc::runtime)
endfunction()

cmake_policy(POP)
