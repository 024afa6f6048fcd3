// promlite: reads expositions; each format has a header of its own.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_EXPOSITION_PARSER_HPP
#define PROMLITE_EXPOSITION_PARSER_HPP

#include <promlite/exposition/model.hpp>
#include <promlite/exposition/parser_openmetrics.hpp>
#include <promlite/exposition/parser_text.hpp>

#endif  // PROMLITE_EXPOSITION_PARSER_HPP
