// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "undo.h"

#include <utility>

SheetCommand::SheetCommand(const QString &text, std::function<void()> redo, std::function<void()> undo)
    : QUndoCommand(text)
    , m_redo(std::move(redo))
    , m_undo(std::move(undo))
{
}

void SheetCommand::undo()
{
    m_undo();
}

void SheetCommand::redo()
{
    m_redo();
}
