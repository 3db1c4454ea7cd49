/** A bare page of Vant's, which `bench web` measures our phone pages against. */
import 'vant/es/style/base.css'
import 'vant/es/button/index.css'
import 'vant/es/cell/index.css'
import 'vant/es/field/index.css'
import { Button } from 'vant/es/button/index'
import { Cell } from 'vant/es/cell/index'
import { CellGroup } from 'vant/es/cell-group/index'
import { Field } from 'vant/es/field/index'
import { createApp, h } from 'vue'

createApp({
  render: () =>
    h(CellGroup, null, () => [
      h(Field, { label: '称呼', modelValue: '' }),
      h(Field, { label: '电话', modelValue: '' }),
      h(Cell, { title: '问题' }),
      h(Button, { block: true }, () => '提交'),
    ]),
}).mount('#app')
