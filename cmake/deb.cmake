# What Debian asks of a package beyond the installed tree: a compressed manual
# and changelog, and one file with all licences. Run by cpack in its copy of
# the tree, before the package is made.
set(usr ${CPACK_TEMPORARY_DIRECTORY}/usr)
set(doc ${usr}/share/doc/cnnc)

file(READ ${CPACK_CNNC_SOURCE}/LICENSE mit)
file(READ ${CPACK_CNNC_SOURCE}/LICENSE.runtime runtime)
file(WRITE ${doc}/copyright "${mit}\n${runtime}")
file(REMOVE ${doc}/LICENSE ${doc}/LICENSE.runtime)

string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)
file(WRITE ${doc}/changelog "cnnc (${CPACK_PACKAGE_VERSION}) stable; \
urgency=medium

  * Release ${CPACK_PACKAGE_VERSION}.

 -- ${CPACK_PACKAGE_CONTACT}  ${date}
")
execute_process(COMMAND gzip -9nf ${usr}/share/man/man1/cnnc.1 ${doc}/changelog
  RESULT_VARIABLE status)
if(status)
  message(FATAL_ERROR "gzip: ${status}")
endif()
