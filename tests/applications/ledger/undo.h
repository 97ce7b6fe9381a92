// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef UNDO_H
#define UNDO_H

#include <QUndoCommand>

#include <functional>

// A change of the sheet by the two functions that make it and take it back.
class SheetCommand : public QUndoCommand
{
public:
    SheetCommand(const QString &text, std::function<void()> redo, std::function<void()> undo);
    void undo() override;
    void redo() override;

private:
    std::function<void()> m_redo;
    std::function<void()> m_undo;
};

#endif
